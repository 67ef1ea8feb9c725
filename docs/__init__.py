"""The generated parts of the documentation, and the guards that keep them true."""
