#!/usr/bin/env python3
"""Loads an adapter that Callout trained in PEFT and compares what both write with it.

    callout generate --model MODEL --adapter RUN/last --image PICTURE --prompt TEXT --max-new-tokens N --json > ours.json
    peft_loads.py MODEL RUN/last PICTURE TEXT ours.json

Needs torch, transformers, peft and pillow. Fails when a key is missing or left over, or when a token differs.
"""
import json
import sys

import torch
from peft import PeftModel
from peft.utils import load_peft_weights, set_peft_model_state_dict
from PIL import Image
from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration

model_dir, adapter_dir, picture, text, ours = sys.argv[1:6]
ours = json.load(open(ours, encoding="utf-8"))
base = Qwen2_5_VLForConditionalGeneration.from_pretrained(model_dir, dtype=torch.float32)
model = PeftModel.from_pretrained(base, adapter_dir).eval()

weights = load_peft_weights(adapter_dir)
result = set_peft_model_state_dict(model, weights)
missing = [key for key in result.missing_keys if "lora_" in key]
assert not missing and not result.unexpected_keys, (missing, result.unexpected_keys)
assert any(float(value.abs().max()) > 0 for key, value in weights.items() if "lora_B" in key), "nothing was learned"

processor = AutoProcessor.from_pretrained(model_dir)
messages = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}]
prompt = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
inputs = processor(text=[prompt], images=[Image.open(picture).convert("RGB")], return_tensors="pt")
wanted = ours["token_ids"]
ids = torch.tensor([inputs["input_ids"][0].tolist() + wanted])
grids = {key: inputs[key] for key in ("pixel_values", "image_grid_thw")}
extra = {key: torch.cat([inputs[key], torch.zeros(1, len(wanted), dtype=inputs[key].dtype)], 1)
         for key in inputs if key == "mm_token_type_ids"}
with torch.no_grad():
    logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), **grids, **extra).logits[0]
    plain = None
    with model.disable_adapter():
        plain = model(input_ids=ids, attention_mask=torch.ones_like(ids), **grids, **extra).logits[0]
start = inputs["input_ids"].shape[1] - 1
own = torch.log_softmax(logits[start:start + len(wanted)].double(), -1)
same = own.argmax(-1).tolist() == wanted
worst = max(abs(float(own[i, token]) - ours["log_probs"][i]) for i, token in enumerate(wanted))
moved = float((logits - plain).abs().max())
print(json.dumps({
    "adapter_tensors": len(weights), "tokens": len(wanted), "same_tokens": same,
    "worst_log_prob_difference": worst, "largest_change_of_a_logit_by_the_adapter": moved,
}))
assert same and worst < 1e-3 and moved > 1e-3
