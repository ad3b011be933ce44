/** The object with another method; whatever class it is of. */
export function overriding<Target extends object>(
  target: Target,
  name: keyof Target,
  method: unknown,
): Target {
  // A proxy of the object itself could not override what cannot be redefined there.
  return new Proxy({} as Target, {
    has: (_, key) => key in target,
    get(_, key) {
      if (key === name) return method
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
