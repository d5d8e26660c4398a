"""Chat templates in the styles of known families, and what transformers' apply_chat_template makes of them.

The templates are written for this project. The clock stands still at midnight of 26 July 2024.
"""

import datetime
import json
from pathlib import Path
from unittest import mock

from transformers import PreTrainedTokenizerFast

CHATML = """{%- if messages[0]['role'] == 'system' -%}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- else -%}
    {{- '<|im_start|>system\\nYou are a careful assistant.<|im_end|>\\n' }}
{%- endif -%}
{%- for message in messages -%}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or message.role == "assistant" -%}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""

HEADERS = """{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "1 Jan 2000" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: tools\\n" }}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

INSTRUCTIONS = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception("roles have to alternate, user first") }}
    {%- endif %}
    {%- if message["role"] == "user" %}
        {%- if loop.first and system_message is defined %}
            {{- " [INST] " + system_message + "\\n\\n" + message["content"] + " [/INST]" }}
        {%- else %}
            {{- " [INST] " + message["content"] + " [/INST]" }}
        {%- endif %}
    {%- else %}
        {{- " " + message["content"] + eos_token }}
    {%- endif %}
{%- endfor %}
"""

TURNS = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles have to alternate') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '
' + message['content'] | trim + '<end_of_turn>
' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model
'}}{% endif %}"""

LINES = """{% for message in messages %}
{% if message['role'] == 'system' %}
{{'<|system|>
' + message['content'] + '<|end|>
'}}{% elif message['role'] == 'user' %}
{{'<|user|>
' + message['content'] + '<|end|>
'}}{% elif message['role'] == 'assistant' %}
{{'<|assistant|>
' + message['content'] + '<|end|>
'}}{% endif %}
{% endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>
' }}{% else %}{{ eos_token }}{% endif %}
"""

DATES = """{{ strftime_now('%Y-%m-%d') }} {{ strftime_now('%A, %B %-d, %Y %H:%M:%S') }} {{ strftime_now('%a %e %b %y 100%%') }}
{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(1, 10, 4) %} {{ i }}{% endfor %}{{ messages[0].content }}"""

TEMPLATES = {"qwen2": CHATML, "llama3": HEADERS, "tekken": INSTRUCTIONS, "gemma": TURNS, "phi3": LINES, "smollm": DATES}

USER = {"role": "user", "content": "  Name a colour.\n"}
CONVERSATIONS = [
    [USER],
    [{"role": "system", "content": "Be brief. "}, USER],
    [USER, {"role": "assistant", "content": "Blue "}, {"role": "user", "content": "人工智能 <|im_end|> [INST] {{ x }}"}],
    [USER, USER],
]


class StoppedClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, tzinfo=tz)


def write(out: Path) -> None:
    expected = {}
    with mock.patch("transformers.utils.chat_template_utils.datetime", StoppedClock):
        for name in TEMPLATES:
            tokenizer = PreTrainedTokenizerFast.from_pretrained(out / name)
            expected[name] = []
            for conversation in CONVERSATIONS:
                try:
                    text = tokenizer.apply_chat_template(conversation, tokenize=False, add_generation_prompt=True)
                    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
                    expected[name].append({"text": text, "ids": ids})
                except Exception as error:
                    expected[name].append({"error": str(error)})
    (out / "chats.json").write_text(json.dumps({"conversations": CONVERSATIONS, "expected": expected}, ensure_ascii=False) + "\n", encoding="utf-8")
