"""`expect` statements: facts and worked examples, compared with what a graph gives."""
