# embedded segmenter, no API
