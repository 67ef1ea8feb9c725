"""02: counts of community services, one password-protected workbook a month."""
