// Fills the table of functions. Do not edit: tools/generate_abi.py writes this file.
#pragma once

#include "fastnn.h"

namespace fastnn {

static void fill(fastnn_api* table) {
  table->activation_of = activation_of;
  table->loss_of = loss_of;
  table->dense_forward_float32 = dense_forward<float>;
  table->dense_forward_float64 = dense_forward<double>;
  table->dense_backward_input_float32 = dense_backward_input<float>;
  table->dense_backward_input_float64 = dense_backward_input<double>;
  table->dense_backward_params_float32 = dense_backward_params<float>;
  table->dense_backward_params_float64 = dense_backward_params<double>;
  table->activation_forward_float32 = activation_forward<float>;
  table->activation_forward_float64 = activation_forward<double>;
  table->activation_backward_float32 = activation_backward<float>;
  table->activation_backward_float64 = activation_backward<double>;
  table->activation_tile_float32 = activation_tile<float>;
  table->activation_tile_float64 = activation_tile<double>;
  table->link_float32 = link<float>;
  table->link_float64 = link<double>;
  table->loss_and_gradient_float32 = loss_and_gradient<float>;
  table->loss_and_gradient_float64 = loss_and_gradient<double>;
  table->sgd_step_float32 = sgd_step<float>;
  table->sgd_step_float64 = sgd_step<double>;
  table->adam_step_float32 = adam_step<float>;
  table->adam_step_float64 = adam_step<double>;
  table->rmsprop_step_float32 = rmsprop_step<float>;
  table->rmsprop_step_float64 = rmsprop_step<double>;
  table->adagrad_step_float32 = adagrad_step<float>;
  table->adagrad_step_float64 = adagrad_step<double>;
  table->adamw_step_float32 = adamw_step<float>;
  table->adamw_step_float64 = adamw_step<double>;
  table->nadam_step_float32 = nadam_step<float>;
  table->nadam_step_float64 = nadam_step<double>;
  table->adamax_step_float32 = adamax_step<float>;
  table->adamax_step_float64 = adamax_step<double>;
  table->adadelta_step_float32 = adadelta_step<float>;
  table->adadelta_step_float64 = adadelta_step<double>;
  table->lion_step_float32 = lion_step<float>;
  table->lion_step_float64 = lion_step<double>;
  table->clip_by_value_float32 = clip_by_value<float>;
  table->clip_by_value_float64 = clip_by_value<double>;
  table->clip_by_norm_float32 = clip_by_norm<float>;
  table->clip_by_norm_float64 = clip_by_norm<double>;
  table->ema_step_float32 = ema_step<float>;
  table->ema_step_float64 = ema_step<double>;
  table->dropout_float32 = dropout<float>;
  table->dropout_float64 = dropout<double>;
  table->network_forward_float32 = network_forward<float>;
  table->network_forward_float64 = network_forward<double>;
  table->predict_float32 = predict<float>;
  table->predict_float64 = predict<double>;
}

}  // namespace fastnn
