@shop/sell
Feature: Selling
  @id:one
  Scenario: One
