/** What the agent answers instead of what was asked; `status` is HTTP's. */
export class AgentError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'AgentError';
    this.status = status;
  }
}
