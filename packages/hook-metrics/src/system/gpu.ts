import { type ChildProcess, execFile } from 'node:child_process'
import type { Values } from '@hookstep/catalogue'

/** What is asked of each GPU, and how it is told: in which unit, and how many of it make up one of nvidia-smi's. */
const questions = [
  { asks: 'utilization.gpu', name: 'percent', factor: 1 },
  { asks: 'memory.used', name: 'memory_bytes', factor: 2 ** 20 },
  { asks: 'power.draw', name: 'watts', factor: 1 },
  { asks: 'temperature.gpu', name: 'celsius', factor: 1 },
] as const

const query = [
  `--query-gpu=index,${questions.map(({ asks }) => asks).join(',')}`,
  '--format=csv,noheader,nounits',
]
/** A driver in trouble may never answer. */
const timeoutMs = 10_000

/** What NVIDIA's own tool says of the machine's GPUs, asked in the background. Where there is none, nothing. */
export class GpuWatch {
  /** The latest answer. */
  values: Values = {}
  private asked: ChildProcess | undefined
  private isThere = true

  /** Asks again, unless an answer is still due. */
  ask(): void {
    if (this.asked !== undefined || !this.isThere) return
    this.asked = execFile('nvidia-smi', query, { timeout: timeoutMs, windowsHide: true }, (error, output) => {
      this.asked = undefined
      if (error === null) this.values = parseGpus(output)
      // It is not installed, or there is no driver: it would not answer later, either.
      else if (Object.keys(this.values).length === 0) this.isThere = false
    })
  }

  close(): void {
    // Node would end the whole process group in the name of a child that could not be started and is not gone yet.
    if (this.asked?.pid !== undefined) this.asked.kill('SIGKILL')
  }
}

/**
 * Of a line such as `0, 37, 21503, 412.57, 54` for each GPU: `gpu_0_percent` and so on. What a GPU does not have
 * (`[N/A]`) is left out.
 */
export function parseGpus(output: string): Values {
  const lines = output.trim().split('\n')
  return Object.fromEntries(lines.flatMap((line) => answers(line.split(',').map((cell) => cell.trim()))))
}

function answers([index, ...cells]: readonly string[]): [name: string, value: number][] {
  return questions.flatMap(({ name, factor }, at) => {
    const value = Number.parseFloat(cells[at] ?? '')
    return Number.isFinite(value) ? [[`gpu_${index}_${name}`, value * factor]] : []
  })
}
