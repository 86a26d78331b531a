/** Says to a person at a terminal what is waited for; to nobody else. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text} …\n`);
}
