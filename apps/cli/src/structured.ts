/** Prints data as JSON or YAML. */
export async function printData(value: unknown, format: 'json' | 'yaml'): Promise<void> {
  if (format === 'json') {
    process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    return;
  }
  const { stringify } = await import('yaml');
  process.stdout.write(stringify(value));
}

export function structuredFormat(output: unknown): 'json' | 'yaml' | undefined {
  return output === 'json' || output === 'yaml' ? output : undefined;
}

/** Columns as kubectl prints them: two or more spaces between, nothing at the end of a line. */
export function tableText(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)) + 3);
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}
