"""What is inside exports, feeds and office documents -> posts as web pages or Markdown."""
