package queue

import (
	"context"
	"fmt"
	"log/slog"
)

// asynqLog writes asynq's messages to slog. Its infos are about its own goroutines and become debug messages; its fatal would end the process, which is
// not for a library to decide.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(args ...any) { l.log.Debug(fmt.Sprint(args...)) }
func (l asynqLog) Info(args ...any)  { l.log.Debug(fmt.Sprint(args...)) }
func (l asynqLog) Warn(args ...any)  { l.log.Warn(fmt.Sprint(args...)) }
func (l asynqLog) Error(args ...any) { l.log.Error(fmt.Sprint(args...)) }
func (l asynqLog) Fatal(args ...any) { l.log.Error(fmt.Sprint(args...)) }

// mute is go-redis's logger. By itself go-redis writes to the process's stderr, and it has one logger for all clients. What it says comes back as
// errors, which are logged or shown where they matter.
type mute struct{}

func (mute) Printf(context.Context, string, ...any) {}
