"""The services of the product. They never import each other."""
