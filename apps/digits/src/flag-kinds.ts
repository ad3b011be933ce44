import { every, type Trigger } from '@hookstep/catalogue'

/** One flag of the command line. */
export interface Flag<Value> {
  readonly help: string
  /** What stands for its value in the help. A switch takes none. */
  readonly placeholder?: string
  /** What its value must be, as a noun. */
  readonly takes?: string
  /** `undefined` where the text is not what it takes. */
  read(text: string): Value | undefined
}

export function toggle(help: string): Flag<true> {
  return { help, read: () => true }
}

export function text(placeholder: string, help: string): Flag<string> {
  return { help, placeholder, takes: 'some text', read: (value) => value || undefined }
}

/** One of several names, which the help lists. */
export function choice<Name extends string>(
  names: readonly Name[],
  help: string,
  placeholder = 'NAME',
): Flag<Name> {
  return {
    help: `${help}: ${names.join(', ')}`,
    placeholder,
    takes: `one of ${names.join(', ')}`,
    read: (value) => names.find((name) => name === value),
  }
}

/** A whole number from `least` on. */
export function whole(least: number, help: string): Flag<number> {
  const fits = (value: number): boolean => Number.isSafeInteger(value) && value >= least
  return number('N', `a whole number from ${least} on`, fits, help)
}

export function positive(help: string): Flag<number> {
  return number('X', 'a number above 0', (value) => Number.isFinite(value) && value > 0, help)
}

/** A period such as `100 steps`, with the end of the run. */
export function period(help: string): Flag<Trigger> {
  const read = (value: string): Trigger | undefined => {
    try {
      return every(value, { last: true })
    } catch {
      return undefined
    }
  }
  const takes = "a positive number of steps, epochs, samples, seconds or %, such as '100 steps'"
  return { help, placeholder: 'PERIOD', takes, read }
}

function number(
  placeholder: string,
  takes: string,
  fits: (value: number) => boolean,
  help: string,
): Flag<number> {
  const read = (value: string): number | undefined => {
    const parsed = value.trim() === '' ? Number.NaN : Number(value)
    return fits(parsed) ? parsed : undefined
  }
  return { help, placeholder, takes, read }
}
