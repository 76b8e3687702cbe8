// The clock of deadlines and measurements, in seconds.
#pragma once

extern "C" double fastnn_seconds();
