"""From a controller back to a program: assembly with probabilities, its type, and C where there is a program."""
