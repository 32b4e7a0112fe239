"""The receiving end: receive, order, decode, render, show."""
