/**
 * What the tasks give, in their order, while so many of them are under way: one is started when another's result is taken.
 * Where one fails, it waits for those that are under way, and throws what that one threw.
 */
export async function* ahead<Result>(
  tasks: Iterable<() => Promise<Result>>,
  count: number,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = []
  try {
    for (const task of tasks) {
      underWay.push(started(task))
      if (underWay.length >= count) yield (await underWay.shift()) as Result
    }
    while (underWay.length > 0) yield (await underWay.shift()) as Result
  } finally {
    await Promise.allSettled(underWay)
  }
}

/** Its failure is looked at when its turn comes: until then it must not count as one that nobody handles. */
function started<Result>(task: () => Promise<Result>): Promise<Result> {
  const result = task()
  result.catch(() => {})
  return result
}
