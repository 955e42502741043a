//! A street of households whose meters speak TIC.
