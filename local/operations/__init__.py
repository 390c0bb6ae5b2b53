"""Operations that a person starts, on the running local system or on a deployment in the cloud."""
