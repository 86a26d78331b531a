/**
 * As `Promise.all`, but rejects, with what the first in the list threw, only when none goes on any more: whoever learns of
 * it may clean up.
 */
export async function allEnded<T>(tasks: Iterable<T | PromiseLike<T>>): Promise<T[]> {
  const outcomes = await Promise.allSettled(tasks);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
