"""Explicit search: exact values, optimal and soft-optimal policies, look-ahead in trees and by gradients."""
