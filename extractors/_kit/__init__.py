"""What the twelve extractors share: transports, windows, minimisation, tokens, landing."""
