"""Programs that others show compiled into networks, compiled to the exact target: `programs`, then `measure`."""
