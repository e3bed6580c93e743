/** Words as one command line that a shell on the other side takes for just these words. */
export function quoteWords(words: string[]): string {
  return words.map(quoteWord).join(" ");
}

// SSH joins its words by spaces and hands them to the user's login shell, whichever that is.
function quoteWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
