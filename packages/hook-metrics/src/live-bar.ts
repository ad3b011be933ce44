import { evaluate, type Run, train } from '@hookstep/catalogue'
import { barLines, type View } from './bar-lines.ts'
import { endLine, evaluationLine, logLine, resumedLine } from './lines.ts'
import { onEnd } from './plain-lines.ts'
import { evaluationRow, logRow, position } from './rows.ts'
import { paceOf, type RunPace } from './run-pace.ts'
import { Screen } from './screen.ts'
import { lookOf, type Terminal } from './terminal.ts'

/** Milliseconds between drawings, at least. */
const drawingMs = 100
/** Milliseconds between estimates: digits that change faster cannot be read. */
const estimateMs = 1000
/** Milliseconds after which a bar that has nothing new is drawn again. */
const clockMs = 250

/**
 * Shows a run on a terminal, from `train.ready` to its end. A step costs it a look at the clock.
 *
 * @returns takes the bar away, if that has not happened.
 */
export function showLive(run: Run, terminal: Terminal): () => void {
  const bar = new LiveBar(run, terminal)
  run.subscribe(train.configuration.data_loader, ({ stepsPerEpoch }) => bar.update({ stepsPerEpoch }))
  run.subscribe(train.ready, () => bar.open())
  run.subscribe(train.epoch.pre, ({ epoch }) => bar.update({ epoch }))
  run.subscribe(train.step.post, () => bar.afterStep())
  run.subscribe(train.log, (context) => bar.update({ log: logRow(context) }))
  showEvaluations(run, bar)
  onEnd(run, (row) => bar.end(endLine(row, run.progress)))
  return () => bar.close()
}

function showEvaluations(run: Run, bar: LiveBar): void {
  run.subscribe(evaluate.pre, ({ batches }) => bar.showEvaluation(0, batches))
  run.subscribe(evaluate.step.post, ({ batch, batches }) => bar.showEvaluation(batch, batches))
  run.subscribe(evaluate.post, (context) => {
    const evaluation = evaluationRow(context)
    bar.update({ evaluation, evaluating: undefined })
    bar.printLine(evaluationLine(evaluation, context.progress))
  })
}

class LiveBar {
  private readonly run: Run
  private readonly terminal: Terminal
  private readonly pace: RunPace
  private readonly onResize = (): void => this.redraw()
  private screen: Screen | undefined
  private timer: NodeJS.Timeout | undefined
  private view: Omit<View, 'progress' | 'secondsLeft'> = { epoch: 1 }
  /** On the clock of `performance.now`, as the others. */
  private nextDrawing = 0
  private nextEstimate = 0
  /** When the run will be over. */
  private endsAt: number | undefined

  constructor(run: Run, terminal: Terminal) {
    this.run = run
    this.terminal = terminal
    this.pace = paceOf(run)
  }

  open(): void {
    this.screen = new Screen(this.terminal, neighboursOf(this.terminal))
    this.terminal.on?.('resize', this.onResize)
    // The time goes on while a step takes long.
    this.timer = setInterval(() => this.draw(), clockMs).unref()
    const { progress } = this.run
    if (progress.step > 0) this.printLine(resumedLine(position(progress), progress))
    this.draw()
  }

  update(changes: Partial<typeof this.view>): void {
    this.view = { ...this.view, ...changes }
  }

  showEvaluation(batch: number, batches: number | undefined): void {
    this.update({ evaluating: { batch, batches } })
    this.draw()
  }

  /** Called for every step. */
  afterStep(): void {
    const now = performance.now()
    if (now >= this.nextEstimate) this.estimate(now)
    this.draw(now)
  }

  printLine(line: string): void {
    if (this.screen === undefined) this.terminal.write(`${line}\n`)
    else this.screen.printLine(line)
  }

  /** Leaves the latest numbers and how the run ended. */
  end(line: string): void {
    const { log, samplesPerSecond } = this.view
    const { totalSteps } = this.run.progress
    const lastLog = log === undefined ? [] : [logLine(log, { totalSteps, samplesPerSecond })]
    this.screen?.clear()
    for (const text of [...lastLog, line]) this.printLine(text)
    this.close()
  }

  close(): void {
    clearInterval(this.timer)
    this.terminal.off?.('resize', this.onResize)
    this.screen?.close()
    this.screen = undefined
  }

  private estimate(now: number): void {
    this.pace.observe()
    const { samplesPerSecond, secondsLeft } = this.pace.outlook()
    this.update({ samplesPerSecond })
    this.endsAt = secondsLeft === undefined ? undefined : now + 1000 * secondsLeft
    if (samplesPerSecond !== undefined) this.nextEstimate = now + estimateMs
  }

  private draw(now: number = performance.now()): void {
    if (now < this.nextDrawing || this.screen === undefined) return
    this.nextDrawing = now + drawingMs
    const view = { ...this.view, progress: this.run.progress, secondsLeft: this.secondsLeft(now) }
    this.screen.draw(barLines(view, lookOf(this.terminal)))
  }

  /** Counts down between estimates, but not below what the steps to come will take. */
  private secondsLeft(now: number): number | undefined {
    const { secondsLeft = 0 } = this.pace.outlook()
    return this.endsAt && Math.max((this.endsAt - now) / 1000, secondsLeft)
  }

  private redraw(): void {
    this.nextDrawing = 0
    this.screen?.clear()
    this.draw()
  }
}

/** The other standard stream, where it prints on the same terminal. */
function neighboursOf(terminal: Terminal): Terminal[] {
  const standard: Terminal[] = [process.stdout, process.stderr]
  return standard.includes(terminal) ? standard.filter(({ isTTY }) => isTTY === true) : []
}
