"""What we know: typed versions, claims, the register and the marts, each made from the folder before it."""
