"""What is measured at the steps of a training while it goes on."""
