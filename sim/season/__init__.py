"""A season in a whole house: flowers from day to day, the day's climate, and who treats them."""
