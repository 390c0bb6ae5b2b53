"""What an operator does by hand, on the running local system or on a deployment in the cloud."""
