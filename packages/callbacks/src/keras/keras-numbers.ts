import type { LogContext, Values } from '@hookstep/catalogue'
import type { KerasLogs } from './keras-callback.ts'

/** Loss and metrics by Keras's names. `fit` calls an accuracy `acc`; it goes by both names here. */
export function kerasNumbers(values: Values, prefix: '' | 'val_' = ''): KerasLogs {
  const { learning_rate: _, gradient_norm: __, ...numbers } = values
  const named = numbers.accuracy === undefined ? numbers : { acc: numbers.accuracy, ...numbers }
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [prefix + name, value]))
}

/**
 * The means of an epoch, as far as its steps were logged: each entry stands for the samples since the one before. With
 * every step logged they are the means over the epoch's samples.
 */
export class EpochMeans {
  private readonly epoch: number
  private readonly sums = new Map<string, { sum: number; samples: number }>()
  private samples: number

  /** @param samples of the run, when the epoch begins. */
  constructor(epoch: number, samples: number) {
    this.epoch = epoch
    this.samples = samples
  }

  add({ epoch, progress, values }: LogContext): void {
    // On a late device, numbers of an epoch can come when it is over.
    if (epoch !== this.epoch) return
    const samples = progress.samples - this.samples
    this.samples = progress.samples
    for (const [name, value] of Object.entries(values)) {
      const { sum, samples: before } = this.sums.get(name) ?? { sum: 0, samples: 0 }
      this.sums.set(name, { sum: sum + value * samples, samples: before + samples })
    }
  }

  get values(): Values {
    return Object.fromEntries([...this.sums].map(([name, { sum, samples }]) => [name, sum / samples]))
  }
}
