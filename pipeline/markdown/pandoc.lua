-- Runs all conversions that standard input lists as JSON, in one process: see pandoc.py.
local function content(name)
  local file <close> = assert(io.open(name, "rb"))
  return file:read("a")
end

local function convert(task)
  local files = task.sandbox and {} or nil -- an empty list of files: the reader sees no files and no URLs
  local document = pandoc.read(content(task.source), task.from, nil, files)
  local options = task.options
  if task.to:match("^epub") then
    options.template = pandoc.template.compile(pandoc.template.default("epub3"))
  end
  local made = pandoc.write(document, task.to, options)
  local target = assert(io.open(task.target, "wb"))
  assert(target:write(made))
  assert(target:close()) -- reports a full disk
end

for _, task in ipairs(pandoc.json.decode(io.read("a"), false)) do
  pandoc.system.with_environment(task.environment, function()
    pandoc.system.with_working_directory(task.folder, function() convert(task) end)
  end)
end
