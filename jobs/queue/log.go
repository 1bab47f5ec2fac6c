package queue

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// asynqLog writes asynq's messages to slog. Its infos are about its own goroutines and become debug messages; its fatal would end the process, which is
// not for a library to decide.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(args ...any) { l.log.Debug(fmt.Sprint(args...)) }
func (l asynqLog) Info(args ...any)  { l.log.Debug(fmt.Sprint(args...)) }
func (l asynqLog) Warn(args ...any)  { l.log.Warn(fmt.Sprint(args...)) }
func (l asynqLog) Error(args ...any) { l.log.Error(fmt.Sprint(args...)) }
func (l asynqLog) Fatal(args ...any) { l.log.Error(fmt.Sprint(args...)) }

// go-redis writes to the process's stderr by itself, through one logger for all clients that is not made to be changed while any of them exists. What it says
// comes back as errors, which are logged or shown where they matter. Hence this one assignment before main.
var _ = muteRedis()

func muteRedis() struct{} {
	redis.SetLogger(mute{})
	return struct{}{}
}

type mute struct{}

func (mute) Printf(context.Context, string, ...any) {}
