/** Status and first code of a refusal, whose body must be as the specification's "Error Codes" says. */
export async function errorOf(answer: Response): Promise<[status: number, code: string | undefined]> {
  const body = (await answer.json()) as { errors: { code: string; message: string }[] };
  return [answer.status, body.errors[0]?.code];
}
