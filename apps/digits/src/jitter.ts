import type { Random } from '@hookstep/trainer'

/** How far a picture is moved at most. */
export interface Jitter {
  /** In pixels, each way. */
  readonly shift: number
  /** In radians, either way. */
  readonly turn: number
  /** As a share of its size, larger and smaller. */
  readonly stretch: number
}

/** Shifts, turns and stretches square pictures, each by chance, as far as a hand does anyway. */
export function jitter(pictures: Float32Array, side: number, limits: Jitter, random: Random): Float32Array {
  const moved = new Float32Array(pictures.length)
  const area = side * side
  for (let start = 0; start < pictures.length; start += area) {
    const from = pictures.subarray(start, start + area)
    move(from, moved.subarray(start, start + area), side, draw(limits, random))
  }
  return moved
}

/** Where a pixel of the moved picture comes from: `x' = a x - b y + dx`, `y' = b x + a y + dy`, from the middle. */
interface Move {
  readonly a: number
  readonly b: number
  readonly dx: number
  readonly dy: number
}

function draw({ shift, turn, stretch }: Jitter, random: Random): Move {
  const within = (limit: number): number => (2 * random.next() - 1) * limit
  const [dx, dy] = [within(shift), within(shift)]
  const [angle, size] = [within(turn), 1 + within(stretch)]
  return { a: size * Math.cos(angle), b: size * Math.sin(angle), dx, dy }
}

function move(from: Float32Array, to: Float32Array, side: number, { a, b, dx, dy }: Move): void {
  const middle = (side - 1) / 2
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const sourceX = a * (x - middle) - b * (y - middle) + middle + dx
      const sourceY = b * (x - middle) + a * (y - middle) + middle + dy
      to[y * side + x] = interpolated(from, side, sourceX, sourceY)
    }
  }
}

/** The brightness between four pixels (bilinear interpolation); nothing beyond the edge. */
function interpolated(picture: Float32Array, side: number, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)]
  if (left < 0 || top < 0 || left + 1 >= side || top + 1 >= side) return 0
  const at = top * side + left
  const [right, down] = [x - left, y - top]
  const upper = pixel(picture, at) * (1 - right) + pixel(picture, at + 1) * right
  const lower = pixel(picture, at + side) * (1 - right) + pixel(picture, at + side + 1) * right
  return upper * (1 - down) + lower * down
}

function pixel(picture: Float32Array, at: number): number {
  return picture[at] as number
}
