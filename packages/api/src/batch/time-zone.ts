/** Zones known so far; asking the runtime makes a formatter each time. */
const known = new Map<string, boolean>();
const MAX_KNOWN = 1000;
const MAX_LENGTH = 255;

/**
 * Is it a zone of the IANA database, by its name or an alias? Upper and lower case must be right where the runtime
 * tells the right one (Go looks for a file of that name).
 */
export function isTimeZone(name: string): boolean {
  if (name.length > MAX_LENGTH) return false;
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  if (known.size >= MAX_KNOWN) known.clear();
  const result = ask(name);
  known.set(name, result);
  return result;
}

function ask(name: string): boolean {
  // Offsets are zones for the runtime, not for the database.
  if (name === '' || /^[+-]/.test(name)) return name === '';
  try {
    const resolved = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
    return resolved === name || resolved.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}
