"""Pictures of networks: SVG, TikZ, Mermaid, HTML by the standard library; PNG and PDF by an
extra.
"""
