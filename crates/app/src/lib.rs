//! Use cases that the desk and the command line share; knows no window.
