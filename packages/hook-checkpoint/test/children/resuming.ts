/** Goes on in the folder named, and says from which step, what it refused, and why; or why it could not. */
import { resumed } from '../damage/place.ts'

try {
  const { from, refused, reasons } = await resumed(process.argv[2] as string)
  console.log(from, ...refused, ...reasons)
} catch (error) {
  console.log((error as Error).message)
}
