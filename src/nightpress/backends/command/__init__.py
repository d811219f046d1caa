"""Any program that answers on its standard output what it is asked on its standard input."""
