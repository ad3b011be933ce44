/** What the doc comments of callbacks take for granted. */
export * as tf from '@tensorflow/tfjs'
