"""The storefront: pages for buyers and staff, a client of the schema that imports nothing of ours."""
