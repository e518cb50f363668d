"""Programs over a memory tape, the input of the exact target: reading, checking, running modulo M, generating."""
