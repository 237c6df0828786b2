// Package model runs the in-memory engine against the specification for many
// seeds: [drivertest.Drive] draws a history from each, and compares every answer.
//
// REDRIVE_SEEDS sets how many, and REDRIVE_SEED runs one, as its failure told.
package model
