"""What is its objective?"""
