/** Structured logging as an interface; apps choose where lines go. Never give it secrets. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

const nothing = () => {};

/** For tests and tools that have no place for logs. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
