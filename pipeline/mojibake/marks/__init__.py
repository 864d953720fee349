"""Latin-script text with one mark for each lost character -> the characters: `d�kuji`, `K?nnen`, `cafï¿½`."""
