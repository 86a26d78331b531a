/** A request for charts that cannot be answered as asked; told as ChartMuseum does, `{"error": "…"}`. */
export class ChartError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    cause?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message, { cause });
    this.name = 'ChartError';
    this.status = status;
    this.headers = headers;
  }
}
