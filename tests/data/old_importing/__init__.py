"""The importer as it was before it was streamed, whole and slow: what a row is and
why it is rejected. The streamed one is held to its verdicts.
"""
