"""The GraphQL schema, one file per subject."""
