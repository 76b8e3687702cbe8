// Argument blocks of frozen predictors: a model whose weights are packed once, and rows that it answers.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "contract/network.hpp"

namespace fastnn {

// What a scaler does to the features: with a value for each of them, or within the lowest and the highest.
enum StepCode : int { kSubtractStep, kDivideStep, kMultiplyStep, kAddStep, kClipStep };

struct ScalingStep {
  int operation;       // a StepCode
  int in_double;       // computed in double, from values in double, and rounded; else in the element type
  const void* values;  // of the features; of kClipStep two
};

// What is made of the last layer's activation z (n, o): z itself or the loss's link of it; the same of -z and z, for one
// output; the number of the likeliest class; 1 for each z above 0, else 0; or 1 whatever z is.
enum AnswerCode : int { kValuesAnswer, kPairsAnswer, kClassAnswer, kLabelsAnswer, kOnesAnswer };

// A model as it was when it was frozen.
template <class T> struct FrozenNetwork {
  NetworkShape shape;
  const T* params;                // one vector, as plan.py has it
  T* packed;                      // predictor_size elements, which pack_predictor fills
  const void* table;              // the Kernels in use
  const ScalingStep* steps;       // what happens to x before
  ptrdiff_t step_count, columns;  // columns: of out
  ptrdiff_t last_class;           // the number of the last class
  int link, answer;               // link: or kNoLink; answer: an AnswerCode
  int is_finite;                  // all parameters are: zeros in x can be left out
};

// Rows of x for a predictor.
template <class T> struct Prediction {
  const void* predictor;  // a FrozenNetwork of the same element type
  const T* x;
  T *out, *scratch;  // scratch: predict_scratch elements for each member of the team
  ptrdiff_t n;
  int* infinite;       // as in NetworkForward
  ptrdiff_t* claimed;  // as in NetworkForward
};

}  // namespace fastnn
