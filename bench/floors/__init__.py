"""What others do with the same requests: they answer, and store nothing."""
